import { commentText, phpList, phpLiteral, phpMap } from './escape.js';
import { hostOf, type PurchaseRules, type ShopInstall } from './shop-install.js';

const STATUSES = {
  paid: ['processing', 'completed'],
  placed: ['processing', 'on-hold', 'completed'],
  completed: ['completed'],
} as const;

/** How much an order is worth, as the server counts it. */
const VALUES: Readonly<Record<PurchaseRules['value'], string>> = {
  total: '(float) $order->get_total()',
  'total-without-tax': '(float) $order->get_total() - (float) $order->get_total_tax()',
  'total-without-shipping': '(float) $order->get_total() - (float) $order->get_shipping_total() - (float) $order->get_shipping_tax()',
  subtotal: 'array_sum( array_map( static function ( $item ) { return (float) $item->get_total(); }, $order->get_items() ) )',
};

const header = (install: ShopInstall): string => `<?php
/**
 * Plugin Name: Tributary for ${commentText(hostOf(install.storeUrl))}
 * Description: Keeps with each order who bought it, and tells the thank-you page what its browser may show to the pixel. Made for ${commentText(`${install.tenantId}/${install.connectionId}`)}. Save as wp-content/mu-plugins/tributary.php.
 * Requires PHP: 7.4
 */

if ( ! defined( 'ABSPATH' ) ) {
	exit;
}

// A class that is not inside a condition would exist before this line is reached, also in a second copy of the file.
if ( ! class_exists( 'Tributary_Shop', false ) ) {
`;

/** The whole class but its thank-you part. Nothing in it is filled in. */
const CHECKOUT = `final class Tributary_Shop {
	const LOG_SOURCE = 'cookie-monitor';

	/** Orders that no browser of a buyer has made. */
	const NOT_BOUGHT_IN_A_BROWSER = array( 'admin', 'rest-api', 'subscription' );

	/** Cookies of consent banners: what a yes and a no to advertising look like in them. Anything else is no answer. */
	const BANNERS = array(
		'cmplz_marketing'                        => array( '/^allow$/', '/^deny$/' ),
		'cookieyes-consent'                      => array( '/action:yes.*advertisement:yes/', '/action:yes.*advertisement:no/' ),
		'cookielawinfo-checkbox-advertisement'   => array( '/^yes$/', '/^no$/' ),
		'CookieConsent'                          => array( '/marketing:true/', '/marketing:false|^0$/' ),
		'OptanonConsent'                         => array( '/C0004:1/', '/C0004:0/' ),
		'borlabs-cookie'                         => array( '/"marketing":\\s*\\[\\s*"/', '/"consents"/' ),
		'moove_gdpr_popup'                       => array( '/"thirdparty":\\s*"?1/', '/"thirdparty":\\s*"?0/' ),
	);

	public static function on_classic_checkout( $order_id ) {
		self::guarded(
			static function () use ( $order_id ) {
				self::remember_buyer( wc_get_order( $order_id ) );
			}
		);
	}

	public static function on_block_checkout( $order ) {
		self::guarded(
			static function () use ( $order ) {
				self::remember_buyer( $order );
			}
		);
	}

	/** Nothing of this may ever stop a checkout. */
	private static function guarded( $work ) {
		try {
			$work();
		} catch ( \\Throwable $error ) {
			try {
				self::log( 'error', 'not done: ' . get_class( $error ) . ' in line ' . $error->getLine() );
			} catch ( \\Throwable $ignored ) {
				return;
			}
		}
	}

	private static function log( $level, $text ) {
		if ( function_exists( 'wc_get_logger' ) ) {
			wc_get_logger()->log( $level, $text, array( 'source' => self::LOG_SOURCE ) );
		}
	}

	private static function was_bought_in_a_browser( $order ) {
		if ( ! $order instanceof WC_Order || '' !== (string) $order->get_meta( '_subscription_renewal' ) ) {
			return false;
		}
		if ( is_admin() && ! wp_doing_ajax() ) {
			return false;
		}
		return ! in_array( $order->get_created_via(), self::NOT_BOUGHT_IN_A_BROWSER, true );
	}

	/** Kept with the order: what is lost when the collector is blocked. */
	private static function remember_buyer( $order ) {
		if ( ! self::was_bought_in_a_browser( $order ) ) {
			return;
		}
		$consent = self::consent();
		$kept    = array( 'cdp_consent' => $consent );
		if ( 'denied' !== $consent ) {
			$kept['cdp_id']     = self::cookie( '_ttoaid', '/^[A-Za-z0-9._~-]{8,128}$/' );
			$kept['cdp_ttclid'] = self::cookie( 'ttclid', '/^[\\x21-\\x7e]{1,512}$/' );
			$kept['cdp_ttp']    = self::cookie( '_ttp', '/^[\\x21-\\x7e]{1,128}$/' );
		}
		$is_changed = false;
		foreach ( $kept as $key => $value ) {
			if ( '' !== $value && (string) $order->get_meta( $key ) !== $value ) {
				$order->update_meta_data( $key, $value );
				$is_changed = true;
			}
		}
		if ( $is_changed ) {
			// save_meta_data() alone does not move the date of modification where orders are posts.
			$order->save();
		}
		$found = isset( $kept['cdp_id'] ) && '' !== $kept['cdp_id'] ? 'a visitor cookie' : 'no visitor cookie';
		self::log( 'info', 'order ' . $order->get_id() . ': ' . $found . ', consent ' . $consent );
	}

	private static function cookie( $name, $shape ) {
		$value = isset( $_COOKIE[ $name ] ) && is_string( $_COOKIE[ $name ] ) ? trim( wp_unslash( $_COOKIE[ $name ] ) ) : '';
		return preg_match( $shape, $value ) ? $value : '';
	}

	/** 'granted', 'denied', or 'unknown' where nobody has answered in a way that the server can see. */
	private static function consent() {
		if ( isset( $_SERVER['HTTP_SEC_GPC'] ) && '1' === trim( (string) $_SERVER['HTTP_SEC_GPC'] ) ) {
			return 'denied';
		}
		if ( function_exists( 'wp_has_consent' ) ) {
			$prefix = (string) apply_filters( 'wp_consent_cookie_prefix', 'wp_consent' );
			if ( isset( $_COOKIE[ $prefix . '_marketing' ] ) ) {
				return wp_has_consent( 'marketing' ) ? 'granted' : 'denied';
			}
		}
		foreach ( self::BANNERS as $name => $answers ) {
			$value = self::cookie( $name, '/\\S/' );
			if ( '' !== $value && preg_match( $answers[0], $value ) ) {
				return 'granted';
			}
			if ( '' !== $value && preg_match( $answers[1], $value ) ) {
				return 'denied';
			}
		}
		return 'unknown';
	}
`;

/** Which of a line's ids names it: the first that it has. */
const IDS_IN_ORDER: Readonly<Record<PurchaseRules['contentId'], readonly string[]>> = {
  sku: ['sku', 'variation-id', 'product-id'],
  'variation-id': ['variation-id', 'product-id', 'sku'],
  'product-id': ['product-id', 'variation-id', 'sku'],
};

const CONVERT = 'convert:';
const NO_CONVERSION = { target: '', rates: {} } as const;

/** Where amounts are converted to, and by how much; none without a rate. */
function conversionOf({ currency, rates }: PurchaseRules): { readonly target: string; readonly rates: Readonly<Record<string, string>> } {
  if (!currency.startsWith(CONVERT)) return NO_CONVERSION;
  return {
    target: currency.slice(CONVERT.length),
    rates: Object.fromEntries(Object.entries(rates).map(([from, { rate }]) => [from, rate])),
  };
}

const thankYouRules = ({ shopConnectionId }: ShopInstall, purchase: PurchaseRules): string => {
  const { when, byPaymentMethod, excludeCreatedVia, eventId, contentIdPrefix } = purchase;
  const { target, rates } = conversionOf(purchase);
  return `
	/** When an order counts: by payment method, else the first. */
	const COUNTS         = ${phpLiteral(when)};
	const COUNTS_BY      = ${phpMap(byPaymentMethod)};
	const STATUSES       = array(
${Object.entries(STATUSES)
  .map(([name, statuses]) => `\t\t${phpLiteral(name)} => ${phpList(statuses)},`)
  .join('\n')}
	);
	const NOT_COUNTED    = ${phpList(excludeCreatedVia)};
	const EVENT_ID       = ${phpLiteral(eventId)};
	const CONNECTION     = ${phpLiteral(shopConnectionId)};
	const CONTENT_PREFIX = ${phpLiteral(contentIdPrefix)};
	/** By currency of the order: what one unit of it is in TOLD_IN. */
	const RATES          = ${phpMap(rates)};
	const TOLD_IN        = ${phpLiteral(target)};
`;
};

const thankYouPage = ({ value }: PurchaseRules): string => `
	/** Orders of this request; some themes run the hook twice. */
	private static $printed = array();

	public static function on_thank_you( $order_id ) {
		self::guarded(
			static function () use ( $order_id ) {
				self::print_order( wc_get_order( $order_id ) );
			}
		);
	}

	/** What the browser's Purchase needs: until the order counts on every view, then once. */
	private static function print_order( $order ) {
		if ( ! self::was_bought_in_a_browser( $order ) || in_array( $order->get_created_via(), self::NOT_COUNTED, true ) ) {
			return;
		}
		if ( isset( self::$printed[ $order->get_id() ] ) || '' !== (string) $order->get_meta( 'cdp_shown' ) ) {
			return;
		}
		$data = self::order_data( $order );
		$json = wp_json_encode( $data, JSON_HEX_TAG | JSON_HEX_AMP | JSON_HEX_APOS | JSON_HEX_QUOT );
		if ( false === $json ) {
			return;
		}
		self::$printed[ $order->get_id() ] = true;
		if ( $data['isDue'] ) {
			$order->update_meta_data( 'cdp_shown', '1' );
			$order->save_meta_data();
		}
		echo '<script type="application/json" id="tributary-order">' . $json . '</script>'; // phpcs:ignore WordPress.Security.EscapeOutput -- JSON_HEX_*
	}

	private static function order_data( $order ) {
		$method  = $order->get_payment_method();
		$counts  = array_key_exists( $method, self::COUNTS_BY ) ? self::COUNTS_BY[ $method ] : self::COUNTS;
		$is_paid = null !== $order->get_date_paid();
		$is_due  = in_array( $order->get_status(), self::STATUSES[ $counts ], true ) && ( 'paid' !== $counts || $is_paid );
		$names   = array(
			'{orderId}'     => (string) $order->get_id(),
			'{orderNumber}' => (string) $order->get_order_number(),
			'{connection}'  => self::CONNECTION,
		);
		$rate    = self::rate( $order );
		return array(
			'orderId'     => (string) $order->get_id(),
			'orderNumber' => (string) $order->get_order_number(),
			'eventId'     => strtr( self::EVENT_ID, $names ),
			'value'       => max( 0, round( ( ${VALUES[value]} ) * ( null === $rate ? 1 : $rate ), 4 ) ),
			'currency'    => null === $rate ? $order->get_currency() : self::TOLD_IN,
			'contents'    => self::contents( $order, null === $rate ? 1 : $rate ),
			'isPaid'      => $is_paid,
			'isDue'       => $is_due,
		);
	}
`;

const contents = ({ contentId }: PurchaseRules): string => `
	/** Null where the order's own currency is told. */
	private static function rate( $order ) {
		$currency = $order->get_currency();
		return array_key_exists( $currency, self::RATES ) ? (float) self::RATES[ $currency ] : null;
	}

	/** Named as the server names them. */
	private static function contents( $order, $rate ) {
		$contents = array();
		foreach ( $order->get_items() as $item_id => $item ) {
			$quantity = (float) $item->get_quantity();
			if ( $quantity <= 0 ) {
				continue;
			}
			$product = $item->get_product();
			$ids     = array(
				'sku'          => $product ? trim( (string) $product->get_sku() ) : '',
				'product-id'   => $item->get_product_id(),
				'variation-id' => $item->get_variation_id(),
			);
			$names   = array_filter( array( ${IDS_IN_ORDER[contentId].map((name) => `$ids['${name}']`).join(', ')} ) );
			$contents[] = array(
				'contentId' => $names ? self::CONTENT_PREFIX . reset( $names ) : 'line-' . $item_id,
				'name'      => $item->get_name(),
				'price'     => max( 0, round( (float) $item->get_total() * $rate / $quantity, 4 ) ),
				'quantity'  => $quantity,
			);
		}
		if ( ! $contents ) {
			$contents[] = array( 'contentId' => 'order-' . $order->get_id(), 'price' => max( 0, round( (float) $order->get_total() * $rate, 4 ) ), 'quantity' => 1 );
		}
		return $contents;
	}
`;

const thankYou = (install: ShopInstall, purchase: PurchaseRules): string =>
  thankYouRules(install, purchase) + thankYouPage(purchase) + contents(purchase);

const hooks = (hasThankYou: boolean): string => `}

// WooCommerce's own checkout, and its block.
add_action( 'woocommerce_checkout_update_order_meta', array( 'Tributary_Shop', 'on_classic_checkout' ), 10, 1 );
add_action( 'woocommerce_store_api_checkout_update_order_from_request', array( 'Tributary_Shop', 'on_block_checkout' ), 10, 1 );
${hasThankYou ? "add_action( 'woocommerce_thankyou', array( 'Tributary_Shop', 'on_thank_you' ), 10, 1 );\n" : ''}}
`;

/**
 * The PHP file of a shop: cookies, click id and consent into the order's meta at both checkouts, and, with a pixel, the order for the
 * browser's Purchase on the thank-you page. No exception leaves it; it logs to `cookie-monitor`, never a value.
 */
export const phpSnippet = (install: ShopInstall): string =>
  header(install) + CHECKOUT + (install.purchase === null ? '' : thankYou(install, install.purchase)) + hooks(install.purchase !== null);
