/** The plan has something that answers cannot be shaped with from text to text; it is run on parsed answers. */
export class Unfit extends Error {
  constructor() {
    super('not from text to text');
  }
}
