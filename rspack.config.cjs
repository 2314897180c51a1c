// Sources name their neighbours as the compiled files will be called (`./ids.js`), as Node's own resolution wants it.
module.exports = (options) => ({
  ...options,
  devtool: 'source-map',
  resolve: { ...options.resolve, extensionAlias: { '.js': ['.ts', '.js'] } },
});
