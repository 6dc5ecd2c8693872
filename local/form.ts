import { extname } from 'node:path';

/** How Tributary's modules end: `.ts` where the sources run as they are, `.js` in an installed package. */
export const moduleExtension = extname(import.meta.filename);

/** An installed package belongs to npm: it may be read-only, and is wiped by each update. */
export const isInstalledPackage = moduleExtension === '.js';
