// For `--import` beside `--expose-gc`: collects garbage when the process gets SIGUSR2, so that memory can be told from what
// only was not collected yet.
process.on('SIGUSR2', () => globalThis.gc());
