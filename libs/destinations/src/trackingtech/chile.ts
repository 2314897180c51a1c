/**
 * The sixteen regions by WooCommerce's codes.
 * @see https://github.com/woocommerce/woocommerce (i18n/states.php, CL), read 2026-11-21
 */
const REGIONS: ReadonlyMap<string, string> = new Map([
  ['CL-AI', 'Aisén del General Carlos Ibañez del Campo'],
  ['CL-AN', 'Antofagasta'],
  ['CL-AP', 'Arica y Parinacota'],
  ['CL-AR', 'La Araucanía'],
  ['CL-AT', 'Atacama'],
  ['CL-BI', 'Biobío'],
  ['CL-CO', 'Coquimbo'],
  ['CL-LI', "Libertador General Bernardo O'Higgins"],
  ['CL-LL', 'Los Lagos'],
  ['CL-LR', 'Los Ríos'],
  ['CL-MA', 'Magallanes'],
  ['CL-ML', 'Maule'],
  ['CL-NB', 'Ñuble'],
  ['CL-RM', 'Región Metropolitana de Santiago'],
  ['CL-TA', 'Tarapacá'],
  ['CL-VS', 'Valparaíso'],
]);

/** What a region is called: the name of a code, any other text as it is. */
export const regionName = (state: string): string => REGIONS.get(state.trim().toUpperCase()) ?? state.trim();

/** Place names compare without accents, case and spaces: buyers type them. */
const folded = (name: string): string =>
  name
    .normalize('NFD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, '');

/** Whether the place is one of those; regions may be named by code or by name on either side. */
export const isOneOf = (place: string, wanted: readonly string[]): boolean => {
  const own = folded(regionName(place));
  return wanted.some((name) => folded(regionName(name)) === own);
};
