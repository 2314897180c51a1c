import { currencyJson, settingJson, settingsOf, systemStatusJson } from '../json/site-json.ts';
import type { Ground } from '../shop/ground.ts';
import { ok, refuse, type Reply } from './answer.ts';
import { list, view, type Call, type Route } from './route.ts';

/** What a shop says about itself. */
export const siteRoutes = (ground: Ground): readonly Route[] => [
  {
    pattern: /^system_status$/,
    methods: { GET: view(({ view: { origin } }) => ok(systemStatusJson(ground, origin.startsWith('https:')))) },
  },
  { pattern: /^settings\/(\w+)$/, methods: { GET: list((call) => settingGroup(ground, call)) } },
  { pattern: /^settings\/(\w+)\/(\w+)$/, methods: { GET: view((call) => setting(ground, call)) } },
  { pattern: /^data\/currencies\/current$/, methods: { GET: view(({ view: { origin } }) => ok(currencyJson(ground, origin))) } },
];

function settingGroup(ground: Ground, { parts: [group = ''], view: { origin } }: Call): Reply {
  const settings = settingsOf(ground).get(group);
  if (settings === undefined) return refuse('rest_setting_setting_group_invalid', 'Invalid setting group.', 404);
  return ok([...settings].map(([id, value]) => settingJson(ground, origin, group, id, value)));
}

function setting(ground: Ground, { parts: [group = '', id = ''], view: { origin } }: Call): Reply {
  const settings = settingsOf(ground).get(group);
  if (settings === undefined) return refuse('rest_setting_setting_group_invalid', 'Invalid setting group.', 404);
  const value = settings.get(id);
  return value === undefined
    ? refuse('rest_setting_setting_invalid', 'Invalid setting.', 404)
    : ok(settingJson(ground, origin, group, id, value));
}
