/** Values by time, earliest first; of equal times, the one that was pushed first. */
export class TimeHeap<T> {
  #times: number[] = [];
  #orders: number[] = [];
  #values: T[] = [];
  #pushed = 0;

  get size(): number {
    return this.#values.length;
  }

  /** The earliest time; Infinity when there is none. */
  get nextAt(): number {
    return this.#times.length === 0 ? Number.POSITIVE_INFINITY : (this.#times[0] as number);
  }

  get next(): T | undefined {
    return this.#values[0];
  }

  push(at: number, value: T): void {
    const times = this.#times;
    const orders = this.#orders;
    const values = this.#values;
    const order = this.#pushed++;
    let hole = values.length;
    times.push(at);
    orders.push(order);
    values.push(value);
    while (hole > 0) {
      const parent = (hole - 1) >> 1;
      if ((times[parent] as number) <= at) break; // older pushes win ties
      times[hole] = times[parent] as number;
      orders[hole] = orders[parent] as number;
      values[hole] = values[parent] as T;
      hole = parent;
    }
    times[hole] = at;
    orders[hole] = order;
    values[hole] = value;
  }

  pop(): T | undefined {
    const values = this.#values;
    const top = values[0];
    const at = this.#times.pop();
    const order = this.#orders.pop();
    const last = values.pop();
    if (at === undefined || order === undefined || values.length === 0) return top;
    this.#sink(at, order, last as T);
    return top;
  }

  #sink(at: number, order: number, value: T): void {
    const times = this.#times;
    const orders = this.#orders;
    const values = this.#values;
    const end = values.length;
    let hole = 0;
    for (;;) {
      let child = 2 * hole + 1;
      if (child >= end) break;
      if (child + 1 < end && this.#earlier(child + 1, child)) child++;
      const childAt = times[child] as number;
      if (childAt > at || (childAt === at && (orders[child] as number) > order)) break;
      times[hole] = childAt;
      orders[hole] = orders[child] as number;
      values[hole] = values[child] as T;
      hole = child;
    }
    times[hole] = at;
    orders[hole] = order;
    values[hole] = value;
  }

  #earlier(a: number, b: number): boolean {
    const timeA = this.#times[a] as number;
    const timeB = this.#times[b] as number;
    if (timeA !== timeB) return timeA < timeB;
    return (this.#orders[a] as number) < (this.#orders[b] as number);
  }
}
