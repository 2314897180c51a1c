const BROWSER_APPS = /[\\/]apps[\\/]page-script[\\/]/;

// Sources name their neighbours as the compiled files will be called (`./ids.js`), as Node's own resolution wants it.
const resolved = (options) => ({ ...options.resolve, extensionAlias: { '.js': ['.ts', '.js'] } });

/** What frameworks can use and we have not installed stays a `require` that fails when it is reached, as without a bundle. */
const leaveAbsent = ({ context, request }, done) => {
  try {
    if (/^[@a-z]/.test(request) && !request.startsWith('@tributary/')) require.resolve(request, { paths: [context] });
    done();
  } catch (error) {
    // Any other trouble with it the bundler tells better.
    if (error.code === 'MODULE_NOT_FOUND') done(null, `commonjs ${request}`);
    else done();
  }
};

const beside = ({ output }, name) => output.filename.replace(/[^/]+$/, name);

/**
 * Our code with its source map, and beside it one file of all packages: a start that looks for a thousand small files takes twice
 * the time. Packages have no map, for reading one that size would cost more memory than the app has left.
 */
const forNode = (options, { SourceMapDevToolPlugin }) => ({
  ...options,
  externals: [leaveAbsent],
  devtool: false,
  plugins: [...options.plugins, new SourceMapDevToolPlugin({ filename: '[file].map', exclude: /packages\.js$/ })],
  optimization: {
    ...options.optimization,
    splitChunks: {
      cacheGroups: {
        default: false,
        defaultVendors: false,
        packages: {
          test: /[\\/]node_modules[\\/]/,
          name: 'packages',
          filename: beside(options, 'packages.js'),
          chunks: 'all',
          enforce: true,
        },
      },
    },
  },
  resolve: resolved(options),
});

/** One small file without a module around it, for browsers that know ES2020. */
const forBrowsers = (options, { SwcJsMinimizerRspackPlugin }) => ({
  ...options,
  mode: 'production',
  target: ['web', 'es2020'],
  devtool: false,
  output: { filename: options.output.filename },
  externals: [],
  externalsPresets: {},
  plugins: [],
  resolve: resolved(options),
  module: {
    rules: [
      {
        test: /\.ts$/,
        use: [{ loader: 'builtin:swc-loader', options: { jsc: { parser: { syntax: 'typescript' }, target: 'es2020' } } }],
      },
    ],
  },
  optimization: {
    minimizer: [
      new SwcJsMinimizerRspackPlugin({ minimizerOptions: { compress: { passes: 3 }, mangle: true, format: { comments: false } } }),
    ],
  },
});

module.exports = (options, rspack) => (BROWSER_APPS.test(options.entry) ? forBrowsers(options, rspack) : forNode(options, rspack));
