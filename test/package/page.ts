import type { Browser, Page } from 'playwright-core';

/** What a page refers to, followed to the end, without a browser. Paths, sorted. */
export interface LoadedPage {
  readonly found: readonly string[];
  readonly missing: readonly string[];
  /** Addresses of another origin. */
  readonly elsewhere: readonly string[];
  /** Its Content-Security-Policy, by directive. */
  readonly policy: Readonly<Record<string, readonly string[]>>;
}

/** Reads the page, its scripts and styles, and the modules and styles that these import. */
export const loadPage = async (url: string): Promise<LoadedPage> => {
  const html = await (await fetch(url, { headers: { accept: 'text/html' } })).text();
  const imports = importMapOf(html);
  const seen = new Map<string, boolean>();
  const elsewhere = new Set<string>();
  const follow = async (reference: string, base: string, isModule: boolean): Promise<void> => {
    const target = new URL(reference, base);
    if (target.protocol === 'data:') return;
    if (target.origin !== new URL(url).origin) {
      elsewhere.add(target.href);
      return;
    }
    if (seen.has(target.pathname)) return;
    seen.set(target.pathname, false);
    const response = await fetch(target);
    const text = await response.text();
    seen.set(
      target.pathname,
      response.ok && /javascript|css|svg/.test(response.headers.get('content-type') ?? ''),
    );
    const next = isModule ? modulesIn(text, imports) : target.pathname.endsWith('.css') ? stylesIn(text) : [];
    for (const each of next) await follow(each, each.startsWith('.') ? target.href : url, isModule);
  };
  for (const { reference, isModule } of referencesIn(html)) await follow(reference, url, isModule);
  const by = (wanted: boolean) => [...seen].flatMap(([path, ok]) => (ok === wanted ? [path] : [])).toSorted();
  return { found: by(true), missing: by(false), elsewhere: [...elsewhere], policy: policyOf(html) };
};

/**
 * Everything that a real browser asks for to show the page, up to what it asks for last: addresses, each once. That the
 * network is idle is no sign: it is before the editors begin, and never where a worker ends while its script is loaded.
 */
export const requestsOf = async (
  browser: Browser,
  url: string,
  last: (page: Page) => Promise<unknown>,
): Promise<readonly string[]> => {
  const context = await browser.newContext();
  const asked = new Set<string>();
  context.on('request', (request) => asked.add(request.url()));
  const page = await context.newPage();
  page.on('websocket', (socket) => asked.add(socket.url()));
  try {
    await Promise.all([last(page), page.goto(url)]);
  } finally {
    await context.close();
  }
  return [...asked];
};

const referencesIn = (html: string): readonly { readonly reference: string; readonly isModule: boolean }[] =>
  [...html.matchAll(/<(?:script|link|img|iframe)\b[^>]*?\s(?:src|href)="([^"]*)"[^>]*>/g)].map(
    ([element, reference = '']) => ({ reference, isModule: element.includes('type="module"') }),
  );

const importMapOf = (html: string): Readonly<Record<string, string>> => {
  const [, text] = /<script type="importmap">([\s\S]*?)<\/script>/.exec(html) ?? [];
  return text === undefined ? {} : (JSON.parse(text) as { imports: Record<string, string> }).imports;
};

/** What a module imports, as the import map has it. Packages import nothing but their own files. */
const modulesIn = (text: string, imports: Readonly<Record<string, string>>): readonly string[] =>
  [...text.matchAll(/\b(?:from|import)\s*["']([^"']+)["']/g)].flatMap(([, name = '']) => {
    if (name.startsWith('.')) return name.startsWith('./') || name.startsWith('../') ? [name] : [];
    const [key, target] =
      Object.entries(imports).findLast(
        ([key]) => name === key || (key.endsWith('/') && name.startsWith(key)),
      ) ?? [];
    return key === undefined || target === undefined ? [] : [`/${target.slice(2)}${name.slice(key.length)}`];
  });

const stylesIn = (text: string): readonly string[] =>
  [...text.matchAll(/(?:url\(|@import\s+)["']?([^"')]+)/g)].map(([, reference = '']) => reference);

const policyOf = (html: string): Readonly<Record<string, readonly string[]>> => {
  const [, text = ''] = /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(html) ?? [];
  return Object.fromEntries(
    text.split(';').map((directive) => {
      const [name = '', ...sources] = directive.trim().split(/\s+/);
      return [name, sources];
    }),
  );
};
