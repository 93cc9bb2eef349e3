#!/bin/sh
# Sends leads to Switchyard and reads them: leads.sh URL KEY [EMAIL]
set -eu
url=$1 key=$2 email=${3:-ada@example.com}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# send METHOD PATH [BODY [IDEMPOTENCY-KEY]]: sets $status; the body is in $work/body, the headers in $work/headers.
# Repeats what may succeed later: 429, 503, and requests whose answer did not arrive.
send() {
    attempt=1 pause=1
    while :; do
        set -- "$1" "$2" "${3:-}" "${4:-}"
        status=$(curl -sS -X "$1" "$url$2" -H "Authorization: Bearer $key" -o "$work/body" -D "$work/headers" \
            -w '%{http_code}' ${3:+-H 'Content-Type: application/json' --data-binary "$3"} \
            ${4:+-H "Idempotency-Key: $4"} 2>"$work/error") || status=000
        case $status in
            429 | 503 | 000) ;;
            *) return 0 ;;
        esac
        [ "$attempt" -lt 5 ] || return 0
        wait=$(sed -nE 's/^[Rr]etry-[Aa]fter: *([0-9]+).*/\1/p' "$work/headers" 2>/dev/null || true)
        [ "$status" != 000 ] || wait=
        # A random part of a second more, so that many clients do not come back at the same moment.
        sleep "${wait:-$pause}.$(od -An -N1 -tu1 /dev/urandom | tr -d ' ')"
        attempt=$((attempt + 1)) pause=$((pause * 2))
    done
}

# field NAME: the first text of that name in the body; a program would read the JSON with a library, such as jq.
field() { sed -nE "s/.*\"$1\":\"([^\"]*)\".*/\1/p" "$work/body" | head -n 1; }

# A lead: the key is new for each lead, and stays the same for each repetition.
name=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
send POST /api/leads "{\"email\": \"$email\", \"companySize\": \"11-50\"}" "$name"
[ "$status" = 201 ] || { echo "failed with $status: $(cat "$work/body")" >&2; exit 1; }
grep -qi '^idempotency-replayed: *true' "$work/headers" && again=' (stored by an earlier attempt)' || again=
echo "stored $(field id) as $(field status)$again"

# A lead that is not valid: the answer names the fields, and sending it again is of no use.
send POST /api/leads '{"email": "no address"}' "$name-2"
[ "$status" = 422 ] && echo "refused $(field field): $(sed -nE 's/.*"errors":\[\{"field":"[^"]*","message":"([^"]*)".*/\1/p' "$work/body")"

# All leads, page by page.
pages=0 leads=0 cursor=
while :; do
    send GET "/api/leads?limit=2${cursor:+&cursor=$cursor}"
    [ "$status" = 200 ] || { echo "failed with $status" >&2; exit 1; }
    pages=$((pages + 1)) leads=$((leads + $(grep -o '"createdAt"' "$work/body" | wc -l)))
    cursor=$(field nextCursor)
    [ -n "$cursor" ] || break
done
echo "read $leads leads on $pages pages"
