/**
 * Jest reporter of the gate: one line per spec file as it ends, and the same as JSON in the file that GATE_REPORT names,
 * so that what has ended counts even when a later file never does.
 */
import { appendFileSync } from 'node:fs';
import { relative } from 'node:path';

export default class GateReporter {
  onTestResult(_test, result) {
    const path = relative(process.cwd(), result.testFilePath);
    const failures = result.testResults
      .filter(({ status }) => status === 'failed')
      .map(({ fullName, failureMessages }) => ({ title: `${path}: ${fullName}`, message: failureMessages.join('\n') }));
    const cases = result.testResults.length;
    if (result.testExecError || cases === 0) {
      failures.push({ title: `${path}: could not run`, message: result.failureMessage ?? 'It holds no case.' });
    }
    const passed = result.numPassingTests;
    const skipped = result.numPendingTests + result.numTodoTests;
    appendFileSync(process.env.GATE_REPORT, `${JSON.stringify({ path, passed, skipped, failures })}\n`);
    const seconds = ((result.perfStats.end - result.perfStats.start) / 1000).toFixed(1);
    process.stdout.write(`  ${failures.length === 0 ? 'ok  ' : 'FAIL'}  ${path}  ${cases} cases, ${seconds} s\n`);
  }

  onRunComplete() {
    appendFileSync(process.env.GATE_REPORT, `${JSON.stringify({ isComplete: true })}\n`);
  }

  getLastError() {}
}
