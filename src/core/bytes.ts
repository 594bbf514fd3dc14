/** What was stored is not what was written. */
export class DoesNotDecode extends RangeError {
  constructor() {
    super('a stored chunk of progress does not decode');
  }
}

/** Whole numbers as bytes, small ones in few: seven bits a byte, the lowest first. */
export class Writer {
  #bytes: Uint8Array;
  #at = 0;

  constructor(capacity: number) {
    this.#bytes = new Uint8Array(capacity + 16);
  }

  /** A whole number from 0 to 2^53 - 1. */
  varint(given: number): void {
    if (this.#at + 8 > this.#bytes.length) this.#grow();
    let value = given;
    while (value >= 0x80) {
      this.#bytes[this.#at++] = (value % 0x80) | 0x80;
      value = Math.floor(value / 0x80);
    }
    this.#bytes[this.#at++] = value;
  }

  /** A whole number from -2^52 to 2^52 - 1. */
  signed(value: number): void {
    this.varint(value < 0 ? -value * 2 - 1 : value * 2);
  }

  /** Runs of equal values: value, then length. */
  runs(values: Uint8Array | Uint16Array): void {
    for (let at = 0; at < values.length; ) {
      const value = values[at] as number;
      let end = at + 1;
      while (end < values.length && values[end] === value) end++;
      this.varint(value);
      this.varint(end - at);
      at = end;
    }
  }

  done(): Uint8Array {
    return this.#bytes.slice(0, this.#at);
  }

  #grow(): void {
    const larger = new Uint8Array(this.#bytes.length * 2);
    larger.set(this.#bytes);
    this.#bytes = larger;
  }
}

/** Reads what a `Writer` wrote, in the same order. Throws `DoesNotDecode` at anything else. */
export class Reader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  varint(): number {
    let value = 0;
    for (let scale = 1; ; scale *= 0x80) {
      const byte = this.#bytes[this.#at++];
      if (byte === undefined || scale > 2 ** 49) throw new DoesNotDecode();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
  }

  /** A number that may not be beyond `max`. */
  upTo(max: number): number {
    const value = this.varint();
    if (value > max) throw new DoesNotDecode();
    return value;
  }

  signed(): number {
    const value = this.varint();
    return value % 2 === 1 ? -(value + 1) / 2 : value / 2;
  }

  runs(into: Uint8Array | Uint16Array, valueMax: number): void {
    for (let at = 0; at < into.length; ) {
      const value = this.upTo(valueMax);
      const length = this.upTo(into.length - at);
      if (length === 0) throw new DoesNotDecode();
      into.fill(value, at, at + length);
      at += length;
    }
  }

  /** Nothing is left. */
  end(): void {
    if (this.#at !== this.#bytes.length) throw new DoesNotDecode();
  }
}
