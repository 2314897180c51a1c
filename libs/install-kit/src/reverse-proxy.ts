import { commentText, configUrl, configWord, phpLiteral } from './escape.js';
import { neutralPath, type ShopInstall } from './shop-install.js';

/** Paths of the shop's own host → the collector's. */
const ROUTES = [
  ['/s.js', '/v1/tributary.js'],
  ['/e', '/v1/collect'],
  ['/i', '/v1/identify'],
] as const;

/** Of the shop's cookies the collector gets these and no other. */
const COOKIES = ['_ttoaid', '_ttp', 'ttclid'] as const;

const routesOf = (install: ShopInstall): readonly (readonly [path: string, target: string])[] =>
  ROUTES.map(([own, target]) => [configWord(`${neutralPath(install)}${own}`), configUrl(`${install.collectorUrl}${target}`)] as const);

const title = ({ tenantId, connectionId }: ShopInstall): string =>
  `Tributary on the shop's own host (${commentText(`${tenantId}/${connectionId}`)}).`;

/**
 * For the `server` block of the shop. The collector stands in a variable, so that nginx looks its name up while it runs: a name in
 * `proxy_pass` itself is looked up once, and a shop whose nginx starts while that name cannot be found would not start at all.
 */
export function nginxRules(install: ShopInstall): string {
  const isTls = install.collectorUrl.startsWith('https:');
  const cookies = COOKIES.map((name) => `${name}=$cookie_${name}`).join('; ');
  const locations = routesOf(install).map(
    ([path, target]) => `location = ${path} {
    set $tributary ${target};
    proxy_pass $tributary;
    proxy_http_version 1.1;
${isTls ? '    proxy_ssl_server_name on;\n' : ''}    proxy_set_header Host ${configWord(new URL(install.collectorUrl).host)};
    proxy_set_header X-Forwarded-For $remote_addr;
    proxy_set_header Cookie "${cookies}";
    proxy_set_header Authorization "";
    client_max_body_size 512k;
    proxy_connect_timeout 2s;
    proxy_read_timeout 5s;
}
`,
  );
  return `# ${title(install)} Put this into the server block of the shop.
# Your own resolver is as good, if it knows the collector's name.
resolver 1.1.1.1 9.9.9.9 valid=300s ipv6=off;
${locations.join('')}`;
}

/**
 * For the `VirtualHost` of the shop; needs mod_proxy, mod_proxy_http, mod_ssl, mod_headers and mod_setenvif. Our cookies are taken out
 * one by one: `RequestHeader edit*` with a pattern that takes out all others recurses until Apache's child dies (2.4.71, seen).
 */
export function apacheRules(install: ShopInstall): string {
  const isTls = install.collectorUrl.startsWith('https:');
  const variable = (name: string): string => `tributary${name}`;
  const found = COOKIES.map((name) => `    SetEnvIf Cookie "(?:^|; *)${name}=([^;]*)" ${variable(name)}=$1\n`).join('');
  const cookies = COOKIES.map((name) => `${name}=%{env:${variable(name)}}`).join('; ');
  const locations = routesOf(install).map(
    ([path, target]) => `<Location ${path}>
    ProxyPass ${target} connectiontimeout=2 timeout=5
${found}    RequestHeader set Cookie "expr=${cookies}"
    RequestHeader unset Authorization
</Location>
`,
  );
  return `# ${title(install)} Put this into the VirtualHost of the shop.
# Modules: proxy, proxy_http, ssl, headers, setenvif. Apache adds X-Forwarded-For by itself.
${isTls ? 'SSLProxyEngine on\n' : ''}ProxyPreserveHost Off
${locations.join('')}`;
}

/** A must-use plugin for shops whose web server cannot be changed; slower than the other two, since every visit starts WordPress. */
export function wordpressProxy(install: ShopInstall): string {
  const path = neutralPath(install);
  const routes = ROUTES.map(([own, target]) => `${phpLiteral(`${path}${own}`)} => ${phpLiteral(`${install.collectorUrl}${target}`)}`);
  return `<?php
/**
 * Plugin Name: ${title(install)}
 * Description: Passes the page script and its visits on to the collector. Save as wp-content/mu-plugins/tributary-proxy.php.
 * Requires PHP: 7.4
 */

if ( ! defined( 'ABSPATH' ) ) {
	exit;
}

( static function () {
	$routes = array(
		${routes.join(',\n\t\t')},
	);
	$path   = isset( $_SERVER['REQUEST_URI'] ) ? strtok( (string) $_SERVER['REQUEST_URI'], '?' ) : '';
	$method = isset( $_SERVER['REQUEST_METHOD'] ) ? (string) $_SERVER['REQUEST_METHOD'] : 'GET';
	if ( ! isset( $routes[ $path ] ) || ! in_array( $method, array( 'GET', 'HEAD', 'POST' ), true ) ) {
		return;
	}
	add_action(
		'muplugins_loaded',
		static function () use ( $routes, $path, $method ) {
			$headers = array( 'X-Forwarded-For' => isset( $_SERVER['REMOTE_ADDR'] ) ? (string) $_SERVER['REMOTE_ADDR'] : '' );
			$passed  = array( 'CONTENT_TYPE', 'HTTP_USER_AGENT', 'HTTP_ORIGIN', 'HTTP_REFERER', 'HTTP_ACCEPT_LANGUAGE', 'HTTP_IF_NONE_MATCH', 'HTTP_SEC_GPC', 'HTTP_SEC_FETCH_SITE' );
			foreach ( $passed as $name ) {
				if ( isset( $_SERVER[ $name ] ) ) {
					$headers[ str_replace( '_', '-', preg_replace( '/^HTTP_/', '', $name ) ) ] = (string) $_SERVER[ $name ];
				}
			}
			$cookies = array();
			foreach ( array( ${COOKIES.map(phpLiteral).join(', ')} ) as $name ) {
				if ( isset( $_COOKIE[ $name ] ) && is_string( $_COOKIE[ $name ] ) ) {
					$cookies[] = $name . '=' . rawurlencode( $_COOKIE[ $name ] );
				}
			}
			if ( $cookies ) {
				$headers['Cookie'] = implode( '; ', $cookies );
			}
			$request = array( 'method' => $method, 'timeout' => 5, 'redirection' => 0, 'headers' => $headers );
			if ( 'POST' === $method ) {
				$request['body'] = (string) file_get_contents( 'php://input', false, null, 0, 524289 );
			}
			$answer = wp_remote_request( $routes[ $path ], $request );
			nocache_headers();
			if ( is_wp_error( $answer ) ) {
				status_header( 503 );
				header( 'Retry-After: 5' );
				exit;
			}
			status_header( (int) wp_remote_retrieve_response_code( $answer ) );
			foreach ( array( 'content-type', 'cache-control', 'etag', 'vary', 'retry-after', 'set-cookie' ) as $name ) {
				$value = wp_remote_retrieve_header( $answer, $name );
				foreach ( is_array( $value ) ? $value : array( $value ) as $line ) {
					if ( '' !== $line ) {
						header( $name . ': ' . $line, 'set-cookie' !== $name );
					}
				}
			}
			echo wp_remote_retrieve_body( $answer ); // phpcs:ignore WordPress.Security.EscapeOutput -- the collector's answer as it is
			exit;
		},
		0
	);
} )();
`;
}
