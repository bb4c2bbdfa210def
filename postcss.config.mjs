/** Tailwind 4 is the only stylesheet step. */
const config = { plugins: { '@tailwindcss/postcss': {} } };

export default config;
