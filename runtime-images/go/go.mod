module fanfold.dev/go

go 1.22
