-- The ledger has one shape for every app; TikTok says nothing of an event after it took it, so this stays null.
alter table tiktok.ledger_entries add column status jsonb;
