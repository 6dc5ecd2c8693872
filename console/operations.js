/** Texts and comments, selections, arguments, and what is left: the heads of the definitions. */
const aside = /"""[\s\S]*?"""|"(?:\\.|[^"\\])*"|#[^\n]*/g;
const innermost = /\{[^{}]*\}|\([^()]*\)/g;
const head = /\b(query|mutation|subscription)\b(?:\s+([_A-Za-z]\w*))?/g;

/** The operations of a document, each with its kind, and its name where it has one. */
export const operationsOf = (document) => {
  let heads = document.replaceAll(aside, ' ');
  for (let before = ''; before !== heads; ) {
    before = heads;
    heads = heads.replaceAll(innermost, ' ; ');
  }
  return [...heads.matchAll(head)].map(([, kind, name]) => ({ kind, name }));
};
