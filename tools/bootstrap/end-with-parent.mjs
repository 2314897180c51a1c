// Loaded by run.mjs into the script's process, which leads a group of its own: when run.mjs is killed and its channel
// closes, the script is asked to end as by Ctrl-C.
if (process.connected) {
  process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'));
  process.channel?.unref();
}
