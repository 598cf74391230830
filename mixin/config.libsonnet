{
  _config+:: {
    // Which series are the servers' own, and which those of the Prometheus servers that ask them.
    rollcallSelector: 'job="rollcall"',
    prometheusSelector: 'job="prometheus"',

    // Jobs that always have targets: each gets an alert for the day when it has none.  One of
    // rollcall's own should be among them, for who is not scraped raises no alert.
    expectedJobs: ['rollcall'],

    // Where the sections are that the alerts' names lead to.
    runbookURL: 'https://rollcall.example/doc/alerts.md',
    // What commands in descriptions ask; `$labels` may be used.
    server: 'http://{{ $labels.instance }}',

    // A consumer that has not asked for so many of its intervals lags, if there are changes that it
    // was not told, or is silent; one that has not for so long was taken out of service; one that
    // asked less often than that was somebody's test.
    laggingIntervals: 2,
    silentIntervals: 3,
    silentAtLeastSeconds: 300,
    forgottenSeconds: 86400,
    consumerLeastAsks: 10,

    answerSizeRatio: 0.8,
    staleSeconds: 600,

    dashboardTitle: 'rollcall',
    dashboardUid: 'rollcall',
  },
}
