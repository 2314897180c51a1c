import { HttpException } from '@nestjs/common';

/** One of several things that are wrong with a request; `path` is empty for the whole. */
export interface ProblemItem {
  readonly path: string;
  readonly message: string;
}

/** An answer that says why not, as RFC 9457 wants it; thrown by controllers, written by the {@link ProblemFilter}. */
export class HttpProblem extends HttpException {
  constructor(
    status: number,
    readonly title: string,
    readonly detail: string,
    readonly problems: readonly ProblemItem[] = [],
  ) {
    super({ title, detail }, status);
  }
}
