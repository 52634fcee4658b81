#!/bin/bash
# ZoneMTA 3.10.3 (npm) sends no bounce for mail that says of itself that a program wrote it. RFC 3834 asks automatic responders not to answer
# that; a delivery report is no such answer, and Postfix, Exim, OpenSMTPD and sendmail send theirs. Its function for that question,
# `canSendBounce` (lib/bounces.js, asked in front of its bounce plugin), says no to each newsletter with `Auto-Submitted: auto-generated` or
# `X-Auto-Response-Suppress: All`, which senders add so that nobody's holiday note comes back. And the report that it does send (plugins/core/
# email-bounce.js) says `Status: 5.0.0` whatever the other server said: the code is in Diagnostic-Code alone.
set -euo pipefail
temp=$(mktemp -d)
trap 'rm -rf "$temp"' EXIT
cd "$temp"
npm pack --silent zone-mta@3.10.3 >/dev/null
npm install --silent --ignore-scripts --no-audit --no-fund --prefix "$temp" npmlog@7.0.1 nodemailer@7.0.9 >/dev/null
tar -xzf zone-mta-3.10.3.tgz
cat >main.js <<'JS'
const log = require('npmlog');
log.level = 'silent';
const bounces = require('./package/lib/bounces.js');
const plugin = require('./package/plugins/core/email-bounce.js');

function headers(fields) {
    return {
        get: name => Object.keys(fields).filter(key => key.toLowerCase() === name.toLowerCase()).map(key => fields[key]),
        getFirst: name => fields[Object.keys(fields).find(key => key.toLowerCase() === name.toLowerCase())] || '',
        build: () => Buffer.from(Object.keys(fields).map(key => key + ': ' + fields[key]).join('\r\n') + '\r\n\r\n')
    };
}
const letters = {
    'nothing of the kind': {},
    'Auto-Submitted: no': { 'Auto-Submitted': 'no' },
    'Precedence: bulk, List-Id': { Precedence: 'bulk', 'List-Id': '<news.sender.example>' },
    'Auto-Submitted: auto-generated': { 'Auto-Submitted': 'auto-generated' },
    'X-Auto-Response-Suppress: All': { 'X-Auto-Response-Suppress': 'All' },
    'X-Auto-Response-Suppress: OOF': { 'X-Auto-Response-Suppress': 'OOF' }
};
for (const [name, fields] of Object.entries(letters)) {
    console.log(`${name}: ${bounces.canSendBounce({ from: 'b-1@news.sender.example', headers: headers(fields) }) ? 'a bounce' : 'no bounce'}`);
}
const hooks = {};
plugin.init({
    addHook: (name, hook) => { hooks[name] = hook; },
    config: { zoneConfig: {}, mailerDaemon: 'Mailer Daemon <mailer-daemon@[HOSTNAME]>' },
    logger: console,
    getQueue: () => ({ generateId: done => done(null, 'id') })
}, () => {});
hooks['queue:bounce']({
    from: 'b-1@news.sender.example', to: 'ann@far.example', name: 'mx.sender.example', id: 'id', zone: 'default', arrivalDate: 0,
    headers: headers({ Received: 'from x', 'Message-ID': '<1@sender.example>' }), response: '550 5.1.1 <ann@far.example>: User unknown'
}, {
    add: (envelope, stream) => stream.on('data', bytes => process.stdout.write(String(bytes).split(/\r?\n/).filter(
        line => /^(Status|Diagnostic-Code):/.test(line)).map(line => line + '\n').join('')))
}, () => {});
JS
cat >wanted <<'END'
nothing of the kind: a bounce
Auto-Submitted: no: a bounce
Precedence: bulk, List-Id: a bounce
Auto-Submitted: auto-generated: no bounce
X-Auto-Response-Suppress: All: no bounce
X-Auto-Response-Suppress: OOF: a bounce
Status: 5.0.0
Diagnostic-Code: smtp; 550 5.1.1 <ann@far.example>: User unknown
END
node main.js | tee got
diff wanted got
echo "as it was: mail that a program wrote gets no bounce, and a report's Status is always 5.0.0"
