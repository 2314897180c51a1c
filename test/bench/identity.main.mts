// How well the identity graph reads simulated shops. Takes an IdentityJob from BENCH_JOB and prints one line of IdentityQuality.
import { measureIdentityQuality } from '../simulators/identity/identity-quality.ts';
import type { IdentityJob } from './sections/identity.section.mts';

const { seeds, households } = JSON.parse(process.env['BENCH_JOB'] ?? '') as IdentityJob;
process.stdout.write(`${JSON.stringify(measureIdentityQuality(seeds, households))}\n`);
