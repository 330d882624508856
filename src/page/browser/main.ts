import { openPage } from './app.ts'

/** What runs when the page is opened. */
void openPage()
