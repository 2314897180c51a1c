import { shopWeightUnit } from '../woocommerce.schema.js';
import { bad, good, note, type Check, type ShopScene } from './check-line.js';

/** Whether couriers can be told what a parcel weighs: of interest only where there is one. */
export function checkWeights({ settings, hasKeys, weighedFor }: ShopScene): readonly Check[] {
  if (weighedFor.length === 0) return [];
  const unit = shopWeightUnit(settings);
  const whom = weighedFor.join(', ');
  if (unit === null)
    return [
      bad(
        'weights',
        `nobody said in which unit the shop’s weights are, so ${whom} is told none`,
        hasKeys
          ? 'Look again in a minute, or set weightUnit of the connection.'
          : 'Set weightUnit of the connection, such as weightUnit: kg.',
      ),
    ];
  const who = settings.weightUnit === null ? 'as the shop says' : 'as the settings say';
  if (hasKeys) return [good('weights', `in ${unit}, ${who}`)];
  return [
    note('weights', `in ${unit}, ${who}; without REST keys only of products that webhooks told of`, 'Make webhooks for products as well.'),
  ];
}
