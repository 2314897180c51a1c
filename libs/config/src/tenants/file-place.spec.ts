import { placeInFile } from './file-place.js';

const FILE = `tenants:
  - id: one
  - id: two
    connections:
      - id: ads
        purchase:
          byPaymentMethod: { "my pay": placed }
`;

describe('the place of a problem that control found', () => {
  it.each([
    ['connections[0].purchase', 'tenants[1].connections[0].purchase', 6],
    ['connections[0].purchase.byPaymentMethod["my pay"]', 'tenants[1].connections[0].purchase.byPaymentMethod["my pay"]', 7],
    ['connections[0].accessToken', 'tenants[1].connections[0].accessToken', 5],
    ['', 'tenants[1]', 3],
  ])('%s is told with its line', (path, inFile, line) => {
    expect(placeInFile(FILE, 1, path)).toEqual({ path: inFile, line });
  });
});
