-- Plans say which line item each content is, what its content ids name, and at what rate amounts were converted (ConversionPlanned v2).
-- What was planned before reads as such an event does: no line ids, no rate.
update tiktok.ledger_entries set plan = plan
  || '{"rate": null, "rateDate": null, "contentType": "product"}'::jsonb
  || jsonb_build_object('lines', (select coalesce(jsonb_agg(line || '{"lineId": ""}'::jsonb order by position), '[]'::jsonb)
                                    from jsonb_array_elements(plan -> 'lines') with ordinality as l(line, position)))
 where plan is not null and not plan ? 'contentType';
