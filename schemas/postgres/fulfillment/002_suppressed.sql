-- What may be corrected is looked at again and again; it is a small part of the ledger.
create index ledger_suppressed on fulfillment.ledger_entries (reason, ledger_key) where state = 'suppressed';
