/** An object as JSON gave it. May be merged into; never holds functions. */
export type Data = { [key: string]: unknown };

export const isData = (value: unknown): value is Data =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Keys that every object inherits: a client may choose them as aliases, so they need a check for own properties. */
export const isInheritedKey = (key: string): boolean => key in Object.prototype;

/** The value of an own property; undefined where there is none. */
export const ownValue = (data: Data, key: string): unknown =>
  Object.hasOwn(data, key) ? data[key] : undefined;

/** Sets an own property, `__proto__` included, which an assignment would take for the prototype. */
export function setOwn(data: Data, key: string, value: unknown): void {
  if (key === '__proto__') {
    Object.defineProperty(data, key, { value, writable: true, enumerable: true, configurable: true });
  } else {
    data[key] = value;
  }
}
