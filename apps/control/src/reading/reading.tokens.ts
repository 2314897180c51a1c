/** Under which the controllers get the reading side's ports and its ledgers. */
export const READING_PORTS = Symbol('reading ports');
export const LEDGER_READERS = Symbol('ledger readers');
