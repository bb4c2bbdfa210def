// `npm run dev`: the same as `npm start`, but the console is rebuilt as its sources change.
import { start } from './start.ts';

await start(true);
