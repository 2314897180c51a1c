import type { ApiRoute } from '../openapi-route.js';

/** The routes of the reading side. */
export const READING_PATHS: readonly ApiRoute[] = [];
