export async function missingForContainers(_env: NodeJS.ProcessEnv): Promise<string[]> {
  return ['not written yet'];
}
