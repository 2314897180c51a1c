import type { Problem } from '@tributary/config';

/** An answer that is not what was asked for; becomes `application/problem+json` (RFC 9457). */
export class ApiProblem extends Error {
  override readonly name = 'ApiProblem';
  constructor(
    readonly status: 400 | 401 | 404 | 409 | 413 | 415 | 500 | 503,
    readonly title: string,
    readonly detail: string,
    readonly problems: readonly Problem[] = [],
    /** Further members of the document. */
    readonly members: Readonly<Record<string, unknown>> = {},
  ) {
    super(detail);
  }
}

export const notFound = (what: string): ApiProblem => new ApiProblem(404, 'Not found', `There is no ${what}.`);

export const wrongRequest = (problems: readonly Problem[]): ApiProblem =>
  new ApiProblem(400, 'Wrong request', `Nothing was changed; ${problems.length} thing(s) must be put right first.`, problems);

/** The document as it is sent. */
export const problemDocument = ({ status, title, detail, problems, members }: ApiProblem): Record<string, unknown> => ({
  type: 'about:blank',
  title,
  status,
  detail,
  ...(problems.length === 0 ? {} : { problems: problems.map(({ path, message }) => ({ path, message })) }),
  ...members,
});
