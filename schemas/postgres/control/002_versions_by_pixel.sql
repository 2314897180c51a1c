-- Which tenants send to a pixel: asked at every change of a connection that sends to one.
create index versions_by_pixel on control.connection_versions ((settings ->> 'pixelCode')) where settings ? 'pixelCode';
