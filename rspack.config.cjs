const BROWSER_APPS = /[\\/]apps[\\/]page-script[\\/]/;

// Sources name their neighbours as the compiled files will be called (`./ids.js`), as Node's own resolution wants it.
const resolved = (options) => ({ ...options.resolve, extensionAlias: { '.js': ['.ts', '.js'] } });

const forNode = (options) => ({ ...options, devtool: 'source-map', resolve: resolved(options) });

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

module.exports = (options, rspack) => (BROWSER_APPS.test(options.entry) ? forBrowsers(options, rspack) : forNode(options));
