export interface Event {
  readonly at: number;
  readonly kind: 'ask' | 'launch' | 'ready' | 'end';
  readonly runner: number;
  readonly serviceS: number;
}

/** The earliest event first; of those at the same time, what was pushed first. */
export class EventHeap {
  readonly #events: (Event & { readonly order: number })[] = [];
  #order = 0;

  first(): Event | undefined {
    return this.#events[0];
  }

  push(at: number, kind: Event['kind'], runner: number, serviceS = 0): void {
    const events = this.#events;
    const event = { at, kind, runner, serviceS, order: this.#order++ };
    let place = events.length;
    while (place > 0) {
      const above = (place - 1) >> 1;
      const other = events[above] as (typeof events)[number];
      if (!earlier(event, other)) break;
      events[place] = other;
      place = above;
    }
    events[place] = event;
  }

  drop(): void {
    const events = this.#events;
    const last = events.pop();
    if (last === undefined || events.length === 0) return;
    let place = 0;
    for (;;) {
      let below = 2 * place + 1;
      const right = events[below + 1];
      if (right !== undefined && earlier(right, events[below] as typeof last)) below++;
      const other = events[below];
      if (other === undefined || !earlier(other, last)) break;
      events[place] = other;
      place = below;
    }
    events[place] = last;
  }
}

type Ordered = { readonly at: number; readonly order: number };
const earlier = (a: Ordered, b: Ordered): boolean =>
  a.at < b.at || (a.at === b.at && a.order < b.order);
