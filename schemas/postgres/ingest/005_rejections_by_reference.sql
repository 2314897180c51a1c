-- Payloads that could not be used, of one order: asked by its explanation.
create index rejections_by_reference on orders.rejections (tenant_id, connection_id, reference, received_at desc, event_id desc)
  where reference is not null;
