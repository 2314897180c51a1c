-- Attempts say what their request said of the person. Up to now that was what had been planned; a look-up says nothing.
update tiktok.ledger_entries
   set attempts = (select jsonb_agg(attempt || jsonb_build_object('matchKeys', case when attempt ->> 'outcome' = 'absent' then '[]'::jsonb
                                                                                    else coalesce(plan -> 'matchKeys', '[]'::jsonb) end)
                                    order by position)
                     from jsonb_array_elements(attempts) with ordinality as a(attempt, position))
 where jsonb_array_length(attempts) > 0 and not attempts -> 0 ? 'matchKeys';

-- Visits say so, too, and which identity and consent their newest request used; those from before it was kept say nothing.
alter table tiktok.visit_deliveries
  add column match_keys      text not null default '',   -- sorted, a comma between them
  add column consent         text,
  add column consent_from    text,
  add column visitor_version bigint,
  add column profile_id      text,
  add column profile_version bigint;
