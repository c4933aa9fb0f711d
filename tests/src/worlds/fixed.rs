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
    issuer    "https://id.example.org/é#2"
    catalogue "beta.json"
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

group staff from claim "groups" has "eng" issued by "https://login.example.com"

group eng in staff from claim "realm"."roles" has "eng" issued by "https://login.example.com"

group lead from claim "groups" has "boss \"x\"" issued by "https://login.example.com" and in eng

group guest from claim "say \"x\"" has "é" issued by "https://id.example.org/é#2"

clients editors {
    client cursor "https://cursor.example/c.json" owner "it@example.com"
    client zed    "https://zed.example/c%231.json"
}

client tool "tool%23" issued by "https://login.example.com"

client other "tool%23" issued by "https://id.example.org/é#2"

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
