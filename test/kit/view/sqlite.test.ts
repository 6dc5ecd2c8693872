import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { openSqliteView } from '../../../subgraphs/kit/view/sqlite.ts';
import { identity } from './flights.ts';
import { viewContract } from './view-contract.ts';

const root = mkdtempSync(join(tmpdir(), 'tributary-view-'));
afterAll(() => rmSync(root, { recursive: true }));

viewContract('SQLite', (description, queries, _context, place) =>
  openSqliteView({ directory: join(root, place), description, queries, identity }),
);
