/** Tests that need bubblewrap and the assembled image: `npm run image:check`. */
module.exports = { ...require('./jest.config.js'), roots: ['<rootDir>/test-image'], testTimeout: 120_000 };
