import type { Writable } from 'node:stream';
import { styleText } from 'node:util';

const colours = ['cyan', 'green', 'magenta', 'blue', 'yellow'] as const;

/** Writes the lines of several services to one output, each line behind the name of its service. */
export class Printer {
  readonly #output: Writable;
  readonly #colour: boolean;
  readonly #names: string[] = [];
  #width: number;
  #waiting: (() => void)[] = [];

  /** `width`: columns kept for the name; longer names push their own lines only. */
  constructor(output: Writable, options: { readonly colour: boolean; readonly width?: number }) {
    this.#output = output;
    this.#colour = options.colour;
    this.#width = options.width ?? 10;
    // Whoever reads our output may leave (`| head`): that is no reason to die without ending the children.
    output.on('error', () => this.#release());
    output.on('drain', () => this.#release());
  }

  /** Returns false when the output is full: print no more before `whenWritable` calls back. */
  print(name: string, line: string): boolean {
    const label = `${name.padEnd(this.#width)} │`;
    return this.#output.write(`${this.#colour ? styleText(this.#colourOf(name), label) : label} ${line}\n`);
  }

  /** Calls back once, when the output takes lines again or is gone. */
  whenWritable(callback: () => void): void {
    this.#waiting.push(callback);
  }

  #release(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const callback of waiting) callback();
  }

  #colourOf(name: string): (typeof colours)[number] {
    let index = this.#names.indexOf(name);
    if (index < 0) index = this.#names.push(name) - 1;
    return colours[index % colours.length] ?? 'cyan';
  }
}
