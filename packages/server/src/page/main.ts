/** What the browser runs: starts the page. */
import { Page } from "./page.ts";

void new Page().start();
