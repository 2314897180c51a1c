import { bad, good, note, type Check, type ShopScene } from './check-line.js';
import { checkSystem } from './system-check.js';
import { checkTraces } from './trace-check.js';
import { checkWebhooks } from './webhook-check.js';
import { checkWeights } from './weight-check.js';

/** Everything that is known to go wrong between a shop and us, one line each. */
export function checkShop(scene: ShopScene): readonly Check[] {
  if (!scene.isActive) return [note('connection', 'it is suspended or disabled: the shop is not asked for anything')];
  return [...checkSystem(scene), ...checkWebhooks(scene), ...checkWeights(scene), ...checkTraces(scene), checkAlerts(scene)];
}

const checkAlerts = ({ alerts }: ShopScene): Check =>
  alerts.length === 0
    ? good('alerts', 'none is open')
    : bad('alerts', `open: ${alerts.join(', ')}`, '«tributary alerts» says what happened and what to do.');
