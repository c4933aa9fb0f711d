//! A world by hand, in which every policy can decide and every reason can occur.

/// Its statements, apart by an empty line.
pub(super) const FIXED: &str = r##"
server alpha {
    resource  "https://mcp.example.com/alpha"
    issuer    "https://login.example.com", "https://id.example.org/é#2"
    catalogue "alpha.json"
}

server beta {
    resource  "https://mcp.example.com/beta"
    issuer    second
    catalogue "beta.json"
    pin clients
}

parameter second = "https://id.example.org/é#2"

server gamma {
    resource    "https://mcp.example.com/gamma"
    issuer      "https://login.example.com"
    catalogue   "gamma.json"
    credentials api_key for write from network "10.0.0.0/8", "2001:db8::/32" lasts 90 seconds because "batch"
    trusted     because "it is ours"
    pin tools
}

server disk {
    local       "disk"
    credentials local for write because "the user's own disk"
    catalogue   "disk.json"
}

scope "all" on alpha implies "edit", "run"

scope "edit" on alpha implies "view"

scope "view" on alpha

scope "run" on alpha

scope "view" on beta

scope "bulk" on gamma implies "view"

scope "view" on gamma

let indoors = "10.0.0.0/8"

let loud = ["acme", "é", "alice"]

group staff from claim "groups" has "eng" issued by "https://login.example.com"

group eng in staff from claim "realm"."roles" has "eng" issued by "https://login.example.com"

group lead from claim "groups" has "boss \"x\"" issued by "https://login.example.com" and in eng

group guest from claim "say \"x\"" has "é" issued by "https://id.example.org/é#2"

clients editors {
    client cursor "https://cursor.example/c.json" owner "it@example.com" metadata "sha256-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
    client zed    "https://zed.example/c%231.json"
}

client tool "tool%23" issued by "https://login.example.com"

client other "tool%23" issued by second metadata "sha256-bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

register metadata_document from "app.example", "sub.app.example" may request "all" redirect same_domain

register dynamic may request "view" redirect loopback pending review by "iam@example.com" within 7 days

register dynamic issued by "https://login.example.com" may request "run"

capability edit "Edit" on alpha {
    tools  "create_*", "capability:edit", "say \"hi\""
    access write
    needs  "edit" and "run" or "all"
}

capability browse "Look" on alpha {
    tools  "API-get-user"
    access read
    needs  nothing because "public"
    where  args.path under "/srv"
}

capability view "View" on alpha {
    tools  "API-get-user", list_files, "naïve ツール"
    access read
    needs  "view"
}

capability deep "Deep" on alpha {
    tools  create_issue, "a/b", "star\*name"
    access destructive
    needs  "run"
    where  all args.paths under "/srv" and args.count < 10
}

capability far "Far" on beta {
    tools  "*"
    access write
    needs  "view"
}

capability files "Files" on disk {
    tools  read_file, write_file
    access write
    where  args.owner != "acme"
}

capability danger "Danger" on disk {
    tools  "a/b"
    access destructive
}

capability notes "Read notes" on alpha {
    resources "r://a/*", "r://*/b"
    prompts   "review_*"
    access    read
    needs     "view"
}

capability inner "Read what is inside" on alpha {
    resources "r://a/b/*"
    access    write
    needs     "edit"
}

capability ask "Get prompts" on gamma {
    prompts "*" except "a/b"
    access  read
    needs   "view"
    where   args.owner not in loud
}

capability look "Look, and change nothing" on gamma {
    tools  where read_only and not open_world
    access read
    needs  "view"
    where  url(args.owner).host == "api.example.com" or args.owner == "acme"
}

capability wipe "Wipe" on gamma {
    tools  "*" except look, search
    access destructive
    needs  "bulk"
}

consent house "The rules of the house" {
    grants  notes
    via     any client
    on change extend
}

consent wiping "Let {client} wipe" {
    grants  wipe, look
    purpose "release"
    via     editors, clients where registration is metadata_document
    on change keep what was shown
    was     "wipe_it_all", "mopping"
}

consent editing "Let {client} edit" {
    grants  edit, view
    purpose "triage", "release"
    lasts   30 days
}

consent deeply "Let {client} do deep things" {
    grants  deep
    purpose "release"
    purpose required
    lasts   8 hours
}

consent abroad "Let {client} go far" {
    grants far
}

allow edit_it
    eng, user "bob" issued by "https://id.example.org/é#2" via editors, tool to edit, view under editing

allow edit_slow
    guest via any client to edit under editing
    when any args.labels like "acme*" and token.auth_age <= 15 minutes

allow deep_it
    lead via cursor to deep under deeply
    when call.address under "10.0.0.0/8" or token.acr in ["phr"]

allow browse_it
    anyone via any client to browse without consent because "public"

allow far_it
    guest via any client to far under abroad

allow files_it
    anyone via editors to files without consent because "own files"

allow read_notes
    anyone, machine via any client to notes, inner without consent because "they are public"

allow look_and_ask
    machine, lead via tool, clients where registration is dynamic, clients where domain is "app.example" to look, ask
    without consent because "batch"

allow wipe_it
    eng via any client to wipe, look under wiping

require fresh
    for edit, wipe
    token.auth_age <= 1 hour else reauthenticate within 1 hour

require strong
    eng, guest via editors, tool for access destructive
    token.acr in ["phr", "mfa"] else reauthenticate acr "phr", "mfa"

require stronger
    for wipe
    token.acr in ["mfa", "pin"] or args.count > 10 else reauthenticate acr "mfa", "pin" within 90 seconds
    because "it is gone for good"

require human
    anyone for files, deep
    call.confirmed else confirm within 2 minutes

require human_again
    for deep
    call.confirmed or args.draft else confirm within 10 minutes

require housed
    anyone for inner else ask house

require indoors_only
    for notes call.address under indoors or call.address is absent because "not from outside"

deny dynamic_inner
    anyone, machine via clients where registration is dynamic, clients where domain is "sub.app.example" to inner

deny no_labels
    staff to edit
    when any args.labels == "*" or args.title is present and args.title == args.owner
    because "no"

deny not_there
    anyone via zed to access write
    unless call.address not under "192.168.1.0/24"

deny far_count
    anyone to far
    when args.path under "/srv/data"
"##;
