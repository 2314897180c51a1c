import { Ajv2020, type ErrorObject } from 'ajv/dist/2020.js';
import { TIKTOK_REQUEST_SCHEMA } from '../../contracts/tiktok-request.schema.ts';
import { refuse, type Check } from './refusal.ts';

const validate = new Ajv2020({ strict: true, strictTypes: false, strictRequired: false, validateFormats: false }).compile(
  TIKTOK_REQUEST_SCHEMA,
);

const pathOf = ({ instancePath }: ErrorObject): string => instancePath.slice(1).replaceAll('/', '.') || 'body';

/** Refuses what the JSON Schema of the request does not allow; names the path, never a value. */
export const conforms: Check = (body) => {
  if (validate(body)) return null;
  const [first] = validate.errors ?? [];
  return first === undefined
    ? refuse('body', 'does not conform')
    : refuse(pathOf(first), `does not conform: ${first.message ?? first.keyword}`);
};
