/**
 * Bytes of the parts that an operation's memory is estimated by, from heaps before and after operations of 16 kinds had been
 * compiled and run: of one field, joins, conditions, introspection, fragments, 100 aliases, an alias of 20,000 characters,
 * 10,000 comments, interfaces of 60 types. The estimate was 0.84 to 1.36 times what each took (26 KB to 1.8 MB).
 */
const bytesOf = {
  operation: 1000,
  /** Of the client's document: a node or two and their locations are made for each name. */
  name: 550,
  /** Any other token of it, comments included. */
  token: 100,
  character: 1,
  variant: 4000,
  /** A name of the document, as it is planned. */
  plannedName: 150,
  fetch: 3000,
  fetchCharacter: 2,
  shape: 500,
  shapeField: 400,
  /** A type that was looked up for an abstract field. */
  alternative: 100,
  /** Generated code. */
  function: 1500,
  codeCharacter: 2,
  textObject: 500,
  textField: 500,
} as const;

/** The memory of something that is compiled bit by bit: bytes, estimated. */
export class Weight {
  #bytes = 0;
  #tell: (bytes: number) => void = toNobody;

  get bytes(): number {
    return this.#bytes;
  }

  add(part: keyof typeof bytesOf, count = 1): void {
    this.change(bytesOf[part] * count);
  }

  change(bytes: number): void {
    this.#bytes += bytes;
    this.#tell(bytes);
  }

  /** It is kept from now on: `tell` is told the bytes that it has, and each change. */
  keep(tell: (bytes: number) => void): void {
    this.#tell = tell;
    tell(this.#bytes);
  }

  /** It is not kept any longer. Whoever has it in use may compile more of it, but nobody is told. */
  drop(): void {
    this.#tell(-this.#bytes);
    this.#tell = toNobody;
  }
}

const toNobody = (): void => {};
