#!/bin/sh
# Make .dvc/plots/page.html again: the page of `dvc plots show`, with Vega's scripts in it. DVC's own page fetches them
# from a server, and declares no charset, so that minus signs are garbled. Needs npm.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder" .dvc/plots/page.html.part' EXIT
trap 'exit 1' HUP INT QUIT TERM # else some shells end without the above

# script PACKAGE VERSION
script() {
    (cd "$folder" && npm pack --silent "$1@$2" >/dev/null && tar xzf "$1-$2.tgz" && mv package "$1")
    echo "<script>"
    echo "/* $1 $2"
    cat "$folder/$1/LICENSE"
    echo "*/"
    grep -v sourceMappingURL "$folder/$1/build/$1.min.js"
    echo "</script>"
}

{
    cat <<'HTML'
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Plots</title>
{refresh_tag}
<style>
  body { font: 16px/1.5 system-ui, sans-serif; color: #222; max-width: 80rem; margin: 2rem auto; padding: 0 1rem; }
  body > div { max-width: 100%; overflow: auto !important; margin-bottom: 1.5rem; border-color: #ccc !important; }
  img { max-width: 100%; height: auto; }
</style>
HTML
    script vega 5.33.0
    script vega-lite 5.23.0
    script vega-embed 6.29.0
    cat <<'HTML'
</head>
<body>
{plot_divs}
</body>
</html>
HTML
} > .dvc/plots/page.html.part
mv .dvc/plots/page.html.part .dvc/plots/page.html
