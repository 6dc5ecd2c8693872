import type { Readable } from 'node:stream';
import type { Printer } from './printer.ts';

/** A line longer than this (characters) is cut, so that a child that never ends its line cannot fill the memory. */
const maximumLine = 64 * 1024;

/**
 * Hands a child's output to `print`, line by line. When that answers false, the printer is full, the child is made to wait (its pipe is
 * not read), so nothing is dropped and nothing piles up.
 */
export const forwardLines = (input: Readable, print: (line: string) => boolean, printer: Printer): void => {
  let rest = '';
  input.setEncoding('utf8');
  input.on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    if (rest.length > maximumLine) {
      lines.push(rest);
      rest = '';
    }
    let writable = true;
    for (const line of lines) writable = print(line.replace(/\r$/, '')) && writable;
    if (writable) return;
    input.pause();
    printer.whenWritable(() => input.resume());
  });
  input.on('end', () => {
    if (rest !== '') print(rest);
    rest = '';
  });
  // A pipe that breaks tells nothing that the exit of the child does not.
  input.on('error', () => undefined);
};
