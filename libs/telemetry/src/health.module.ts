import { Controller, Get, HttpCode, HttpException, Inject, Module, type DynamicModule } from '@nestjs/common';
import type { Metrics } from './metrics.js';

/** What an app says of itself; each answers the reasons why not, and an empty list means yes. */
export interface Health {
  /** Event loop and poll loops make progress. Never tied to broker or database. */
  readonly notLive: () => readonly string[];
  /** It cannot do its work now. */
  readonly notReady: () => readonly string[] | Promise<readonly string[]>;
  readonly metrics: Metrics;
}

const HEALTH = Symbol('health');

const answer = (reasons: readonly string[]): { readonly status: string } => {
  if (reasons.length > 0) throw new HttpException({ status: 'no', reasons }, 503);
  return { status: 'ok' };
};

@Controller()
class HealthController {
  constructor(@Inject(HEALTH) private readonly health: Health) {}

  @Get('livez')
  @HttpCode(200)
  livez(): { readonly status: string } {
    return answer(this.health.notLive());
  }

  /** While something is missing the start gate answers in this place. */
  @Get('startupz')
  startupz(): { readonly status: string } {
    return answer([]);
  }

  @Get('readyz')
  async readyz(): Promise<{ readonly status: string }> {
    return answer(await this.health.notReady());
  }

  @Get('metrics')
  metrics(): Promise<string> {
    return this.health.metrics.text();
  }
}

/** `/livez`, `/startupz`, `/readyz` and `/metrics` of an app. */
@Module({})
export class HealthModule {
  static of(health: Health): DynamicModule {
    return { module: HealthModule, controllers: [HealthController], providers: [{ provide: HEALTH, useValue: health }] };
  }
}
