/** Tests that need Chromium: `npm run test:browser`. CHROMIUM names the program; /usr/bin/chromium by default. */
module.exports = { ...require('./jest.config.js'), roots: ['<rootDir>/test-browser'], testTimeout: 60_000 };
