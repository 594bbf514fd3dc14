/** Edges as compact arrays: of node n, `list[start[n] .. start[n + 1]]`. */
export interface Edges {
  readonly start: Int32Array;
  readonly list: Int32Array;
}

const UNSEEN = 0;
const DONE = -1;
/** From how many of a knot's nodes a short ring is looked for, and how many nodes these looks may see in all. */
const STARTS_MAX = 8;
const SEEN_MAX = 100_000;

/**
 * A ring of each group of nodes that reach each other, at most `max` of them. Short rings, not always the shortest.
 * In each ring a node has an edge to the next, and the last one to the first. Linear; does not recur.
 */
export function findCycles(edges: Edges, count: number, max: number): number[][] {
  const { group, knots } = groupsOf(edges, count);
  const found: number[][] = [];
  for (const members of knots) {
    if (found.length >= max) break;
    found.push(shortRing(edges, group, members));
  }
  return found;
}

interface Groups {
  /** The number of each node's group. */
  readonly group: Int32Array;
  /** Groups with a ring: of more than one node, or of one with an edge to itself. */
  readonly knots: readonly number[][];
}

/** Tarjan's algorithm with stacks of its own. */
function groupsOf(edges: Edges, count: number): Groups {
  const search = new Search(edges, count);
  for (let node = 0; node < count; node++) search.from(node);
  return { group: search.group, knots: search.knots };
}

class Search {
  readonly group: Int32Array;
  readonly knots: number[][] = [];
  readonly #edges: Edges;
  /** When a node was seen first; UNSEEN, or DONE when its group is known. */
  readonly #order: Int32Array;
  readonly #low: Int32Array;
  readonly #next: Int32Array;
  readonly #open: Int32Array;
  readonly #path: Int32Array;
  #opened = 0;
  #length = 0;
  #clock = 0;
  #groups = 0;

  constructor(edges: Edges, count: number) {
    this.#edges = edges;
    this.group = new Int32Array(count);
    this.#order = new Int32Array(count);
    this.#low = new Int32Array(count);
    this.#next = edges.start.slice();
    this.#open = new Int32Array(count);
    this.#path = new Int32Array(count);
  }

  from(root: number): void {
    if (this.#order[root] !== UNSEEN) return;
    this.#enter(root);
    while (this.#length > 0) this.#step(this.#path[this.#length - 1] as number);
  }

  #enter(node: number): void {
    this.#order[node] = this.#low[node] = ++this.#clock;
    this.#path[this.#length++] = node;
    this.#open[this.#opened++] = node;
  }

  #step(node: number): void {
    const edge = this.#next[node] as number;
    if (edge >= (this.#edges.start[node + 1] as number)) {
      this.#leave(node);
      return;
    }
    this.#next[node] = edge + 1;
    const to = this.#edges.list[edge] as number;
    const order = this.#order[to] as number;
    if (order === UNSEEN) this.#enter(to);
    else if (order !== DONE && order < (this.#low[node] as number)) this.#low[node] = order;
  }

  #leave(node: number): void {
    this.#length--;
    const low = this.#low[node] as number;
    if (this.#length > 0) {
      const above = this.#path[this.#length - 1] as number;
      if (low < (this.#low[above] as number)) this.#low[above] = low;
    }
    if (low === this.#order[node]) this.#close(node);
  }

  #close(root: number): void {
    const number = this.#groups++;
    const end = this.#opened;
    let member: number;
    do {
      member = this.#open[--this.#opened] as number;
      this.#order[member] = DONE;
      this.group[member] = number;
    } while (member !== root);
    const size = end - this.#opened;
    if (size > 1 || hasEdge(this.#edges, root, root))
      this.knots.push(Array.from(this.#open.subarray(this.#opened, end)));
  }
}

function hasEdge({ start, list }: Edges, from: number, to: number): boolean {
  for (let edge = start[from] as number; edge < (start[from + 1] as number); edge++)
    if (list[edge] === to) return true;
  return false;
}

/** The shortest ring through the first few members. */
function shortRing(edges: Edges, group: Int32Array, members: readonly number[]): number[] {
  const starts = Math.min(STARTS_MAX, Math.ceil(SEEN_MAX / members.length));
  let best: number[] = [];
  for (const start of members.slice(0, starts)) {
    const ring = ringThrough(edges, group, start);
    if (best.length === 0 || ring.length < best.length) best = ring;
    if (best.length <= 2) break;
  }
  return best;
}

/** Breadth first from a node, within its group, until an edge leads back to it. */
function ringThrough({ start, list }: Edges, group: Int32Array, node: number): number[] {
  const from = new Map<number, number>();
  const queue = [node];
  for (const at of queue) {
    for (let edge = start[at] as number; edge < (start[at + 1] as number); edge++) {
      const to = list[edge] as number;
      if (to === node) return pathTo(at, from);
      if (group[to] !== group[node] || from.has(to)) continue;
      from.set(to, at);
      queue.push(to);
    }
  }
  return [node];
}

function pathTo(end: number, from: ReadonlyMap<number, number>): number[] {
  const path: number[] = [];
  for (let at: number | undefined = end; at !== undefined; at = from.get(at)) path.push(at);
  return path.reverse();
}
