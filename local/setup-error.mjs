/** Something that the user has to put right; the message says what and how, and no stack is of use. */
export class SetupError extends Error {}
