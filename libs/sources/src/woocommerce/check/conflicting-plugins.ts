/** A plugin that sends the same things as Tributary, so that they would count twice. */
export interface ConflictingPlugin {
  readonly name: string;
  /** Folders of the plugin; one that ends in `*` stands for all that begin so. */
  readonly folders: readonly string[];
  readonly todo: string;
}

const OWN_PURCHASE =
  'Deactivate it, or switch off its TikTok events, or let the event id of its Purchase and purchase.eventId be the same.';

/** Folders as wordpress.org and the vendors' packages have them (read 2026-11-21). */
const CONFLICTING_PLUGINS: readonly ConflictingPlugin[] = [
  {
    name: 'TikTok for WooCommerce',
    folders: ['tiktok-for-business'],
    todo: 'Deactivate it: it sends each Purchase under a random event id, so TikTok would count every order twice.',
  },
  { name: 'PixelYourSite', folders: ['pixelyoursite*'], todo: OWN_PURCHASE },
  {
    name: 'Pixel Manager for WooCommerce',
    folders: ['woocommerce-google-adwords-conversion-tracking-tag', 'woopt-pixel-manager-pro', 'woocommerce-pixel-manager*'],
    todo: OWN_PURCHASE,
  },
  { name: 'Conversios', folders: ['enhanced-e-commerce-for-woocommerce-store', 'enhanced-e-commerce-pro-for-w*'], todo: OWN_PURCHASE },
  { name: 'SAHU TikTok Pixel', folders: ['sahu-tiktok-pixel*'], todo: OWN_PURCHASE },
  { name: 'TikTok pixel', folders: ['add-tiktok-*', 'tiktok-pixel*'], todo: OWN_PURCHASE },
  {
    name: 'TrackingTech',
    folders: ['trackingtech*', 'tracking-tech*'],
    todo: 'Deactivate it where Tributary makes the courier orders: each parcel would be ordered twice.',
  },
];

const isIn = (folder: string, pattern: string): boolean =>
  pattern.endsWith('*') ? folder.startsWith(pattern.slice(0, -1)) : folder === pattern;

/** Those of the active plugins (`folder/file.php`) that conflict. */
export const conflictsAmong = (activePlugins: readonly string[]): readonly ConflictingPlugin[] => {
  const folders = activePlugins.map((plugin) => (plugin.split('/')[0] ?? '').toLowerCase());
  return CONFLICTING_PLUGINS.filter((known) => known.folders.some((pattern) => folders.some((folder) => isIn(folder, pattern))));
};
